"""Pure functions, one quantity each, written for one month: the company as every strategy shares it."""
