#include "base/words.h"

#include <stdio.h>

#include "base/fail.h"

bool next_word(char **text, size_t *room)
{
	ssize_t n = getdelim(text, room, 0, stdin);
	if (n < 0) {
		if (ferror(stdin)) fail("read words", NULL);
		return false;
	}
	if ((*text)[n - 1] != 0) refuse("read words", "the last one does not end with NUL");
	return true;
}
