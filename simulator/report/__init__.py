"""What people see of results: tables, plots, sentences, and the folders that hold them. Nothing here is computed anew but the wording.

Start with `write.py`, which puts a report folder together, and `glossary.py`, which collects what every figure means.

* `verdict.py`, `sentences.py`, `summary.py`: who wins, as a record; that in words; what a terminal shows first.
* `tables.py`, `numbers.py`: all figures of a run or several, how numbers are spelt.
* `robustness.py`, `sensitivity.py`, `priced.py`, `validation.py`, `network.py`: the reports of single commands.
* `inspection/`: a machine or a workload before any run. `plots/`: every figure.
* `folder.py`: folders and files that are whole or not there.
"""
