"""Reports: tables, plots, the verdict, the glossary, and the folder that holds them."""
