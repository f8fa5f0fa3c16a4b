"""Commands that follow a run or tell it: `run`, `resume`, `report`."""
