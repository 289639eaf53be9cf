"""The page of an evidence packet: one HTML file to read and to print, without scripts and without anything to load."""

from caretrail.evidence.packet.page.given import Checkpoint, Disclosure, FactLine, Known, fact_lines
from caretrail.evidence.packet.page.page import timeline_page

__all__ = ["Checkpoint", "Disclosure", "FactLine", "Known", "fact_lines", "timeline_page"]
