"""A made-up population in treatment, as large as a nation's: it feeds the demo, tests and measurements."""

from caretrail.simulation.desk import IMPORT_SOURCE, Arrival
from caretrail.simulation.population import simulate
from caretrail.simulation.programs import Network, Program, nation
from caretrail.simulation.shape import COUNTRY, Shape

__all__ = ["COUNTRY", "IMPORT_SOURCE", "Arrival", "Network", "Program", "Shape", "nation", "simulate"]
