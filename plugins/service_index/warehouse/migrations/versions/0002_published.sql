create schema published;
