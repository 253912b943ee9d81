#ifndef PROBE_H
#define PROBE_H

/* Tries each thing that `run` may need and prints a line for each: its name, a tab, and `ok` or the reason why not. */
int probe(void);

#endif
