"""Rebuild: make all rows again from the log, beside the live ones, and move the readers over in one transaction."""

from caretrail.readmodel.rebuild.run import rebuild as rebuild
from caretrail.readmodel.rebuild.workers import Workers as Workers
from caretrail.readmodel.rebuild.workers import cores as cores
