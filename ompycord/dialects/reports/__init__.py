"""What agents say as text, read into shapes of ours: plans, reviews, the links of an answer."""
