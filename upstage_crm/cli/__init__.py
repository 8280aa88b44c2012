"""The command line of operators: `upstage-crm`."""
