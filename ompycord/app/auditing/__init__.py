"""The audit for operators: checked, exported, explained, anchored."""
