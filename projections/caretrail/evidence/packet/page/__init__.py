"""The page of an evidence packet: one HTML file to read and to print, without scripts and without anything to load."""
