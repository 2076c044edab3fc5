"""The Lambda of the Orchestrator."""

from sosw.essential import orchestrator_handler

lambda_handler = orchestrator_handler()
