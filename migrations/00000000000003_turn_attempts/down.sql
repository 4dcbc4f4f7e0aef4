DROP TABLE turn_attempts;
