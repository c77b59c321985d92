"""Questions asked of finished plans: comparison, goal seek, requirements, and which inputs carry a result."""
