"""What fabrics of vector units share, whichever way words travel: tiles, rows → units, words → banks, rounds."""
