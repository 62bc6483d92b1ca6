"""What people see of results: tables, plots, sentences, and the folders that hold them. Nothing here is computed anew but the wording.

Start with `write.py`, which puts a report folder together, and `glossary.py`, which collects what every figure means.

* `tables.py`, `verdict.py`, `numbers.py`: a run or several in a terminal, the one sentence that sums them up, how numbers are spelt.
* `robustness.py`, `sensitivity.py`, `priced.py`, `validation.py`, `network.py`: the reports of single commands.
* `inspection/`: a machine or a workload before any run. `plots/`: every figure.
* `folder.py`: folders and files that are whole or not there.
"""
