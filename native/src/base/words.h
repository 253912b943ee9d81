#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* The next word from the builder on standard input, up to its NUL; false at the end. A cut one is refused. */
bool next_word(char **text, size_t *room);

#endif
