/* Set-id bits of files that are written to. The kernel takes them away unless the writer has CAP_FSETID of the machine,
 * which nobody in a user namespace has, while a machine's root keeps them. So root's files get them back here. */
#ifndef SET_ID_H
#define SET_ID_H

#include <stdbool.h>
#include <sys/stat.h>

#include "ownership/call.h"

/* Call once, before the others. `other_users`: whether the step begins as another user than root. */
void watch_set_ids(bool other_users);
/* A process of the step becomes another user. From now on only bits of files that root alone may write to come back:
 * those that another user writes to lose them rightly. */
void expect_other_users(void);
/* Whether the kernel takes bits of this mode away. */
bool is_lost_by_writes(mode_t mode);
/* From now on the file has the set-id bits of `mode`. The descriptor stays with this module. */
void keep_set_id(int fd, mode_t mode);
/* The file loses its bits, and rightly. */
void forget_set_id(const struct stat *st);
/* Gives files that were written to before this call their bits back. */
void restore_set_ids(void);
/* The same for all files, when nothing of the step runs any more. */
void restore_all_set_ids(void);
/* A descriptor that can be read when there is something to restore; -1 if there is none. */
int set_id_events(void);

#endif
