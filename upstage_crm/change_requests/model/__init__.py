"""What a change request is: rules, policy, reasons, errors, tables, views. Knows no room."""
