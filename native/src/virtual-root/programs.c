#include "virtual-root/programs.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#include "ownership/answers.h"
#include "ownership/credentials.h"
#include "base/fail.h"
#include "base/kernel.h"
#include "virtual-root/loader.h"
#include "virtual-root/names.h"
#include "virtual-root/rewrite.h"
#include "virtual-root/state.h"

#define MAXIMUM_SCRIPTS 5      /* as the kernel's: interpreters that are scripts again */
#define SCRIPT_LINE 256
#define MAXIMUM_SEGMENTS 64

#ifndef MFD_EXEC /* 6.3 */
#define MFD_EXEC 0x10U
#endif

extern const char loader_begin[], loader_end[];

/* Processes have numbers of these. One that no process has any more is used again. */
struct record {
	char *name; /* NULL: free */
	uint64_t scratch;
};
static struct record *records;
static unsigned record_count, room, collect_at = 4096;

/* A program that a process executes, until its loader asks for it. */
struct pending {
	pid_t process;
	unsigned number;
	int program, interpreter;
	bool secure;
	struct credentials who;
	char command[16];
	char *name; /* AT_EXECFN */
	char *words[LOADER_MAXIMUM_WORDS];
	unsigned word_count;
	struct pending *next;
};
static struct pending *pending;
static int loader = -1;

static void release(struct pending *p)
{
	if (p->program >= 0) close(p->program);
	if (p->interpreter >= 0) close(p->interpreter);
	free(p->name);
	for (unsigned i = 0; i < p->word_count; i++) free(p->words[i]);
	free(p);
}

/* Takes the program of a process off the list; NULL if it executes none. */
static struct pending *take_pending(pid_t process)
{
	for (struct pending **at = &pending; *at; at = &(*at)->next) {
		struct pending *p = *at;
		if (p->process != process) continue;
		*at = p->next;
		return p;
	}
	return NULL;
}

static void drop_dead(void)
{
	for (struct pending **at = &pending; *at;) {
		struct pending *p = *at;
		if (!kill(p->process, 0) || errno != ESRCH) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		release(p);
	}
}

/* Frees the records that neither a process nor a thread of the step has. */
static void collect(void)
{
	bool *live = calloc(record_count, sizeof *live);
	DIR *processes = opendir("/proc");
	if (!live || !processes) fail("look at", "/proc");
	drop_dead();
	for (struct pending *p = pending; p; p = p->next) live[p->number] = true;
	for (struct dirent *entry; (entry = readdir(processes));) {
		struct state state;
		if (isdigit((unsigned char)entry->d_name[0]) && find_state(atoi(entry->d_name), &state) && state.program < record_count) live[state.program] = true;
	}
	closedir(processes);
	unsigned left = 0;
	for (unsigned i = 1; i < record_count; i++) {
		if (live[i]) left++;
		else free(records[i].name), records[i] = (struct record){0};
	}
	free(live);
	collect_at = left * 2 > 4096 ? left * 2 : 4096;
}

/* 0 if there are too many. */
static unsigned new_record(const char *name)
{
	static unsigned used, next_free = 1;
	if (used >= collect_at) {
		collect();
		used = 0, next_free = 1;
		for (unsigned i = 1; i < record_count; i++) used += records[i].name != NULL;
	}
	while (next_free < record_count && records[next_free].name) next_free++;
	if (next_free == MAXIMUM_PROGRAMS) return 0;
	if (next_free >= room) {
		unsigned more = room ? room * 2 : 1024;
		struct record *grown = realloc(records, more * sizeof *grown);
		if (!grown) fail("memory", NULL);
		memset(grown + room, 0, (more - room) * sizeof *grown);
		records = grown, room = more;
	}
	char *copy = strdup(name);
	if (!copy) fail("memory", NULL);
	records[next_free] = (struct record){.name = copy};
	if (next_free >= record_count) record_count = next_free + 1;
	used++;
	return next_free;
}

const char *program_name(unsigned number) { return number < record_count && number ? records[number].name : NULL; }
uint64_t scratch_of(unsigned number) { return number < record_count ? records[number].scratch : 0; }

void prepare_programs(uint64_t scratch)
{
	loader = memfd_create("loader", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (loader < 0 && errno == EINVAL) loader = memfd_create("loader", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t size = (size_t)(loader_end - loader_begin);
	if (loader < 0 || write(loader, loader_begin, size) != (ssize_t)size) fail("make the loader", NULL);
	if (fchmod(loader, 0555) || fcntl(loader, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) fail("make the loader", NULL);
	records = calloc(room = 1024, sizeof *records);
	if (!records) fail("memory", NULL);
	records[0].scratch = scratch;
	record_count = 1;
}

/* ---- what is to be executed ---- */

/* A file for reading; -1 with errno. */
static int open_program(const struct where *w)
{
	return openat(w->directory, w->last, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (w->through ? 0 : O_NOFOLLOW));
}

static bool may_execute(const struct credentials *who, const struct stat *st)
{
	if (!S_ISREG(st->st_mode)) return false;
	if (is_privileged(who)) return st->st_mode & 0111;
	if (who->ids[USER].filesystem == st->st_uid) return st->st_mode & 0100;
	return st->st_mode & (is_in_group(who, st->st_gid) ? 010 : 01);
}

/* 1: a program whose interpreter's name is in `interpreter`; 0: one without; else minus an error number. */
static int read_program(int fd, char interpreter[PATH_MAX])
{
	Elf64_Ehdr header;
	Elf64_Phdr segments[MAXIMUM_SEGMENTS];
	if (pread(fd, &header, sizeof header, 0) != sizeof header || memcmp(header.e_ident, ELFMAG, SELFMAG)) return -ENOEXEC;
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != OWN_MACHINE || (header.e_type != ET_EXEC && header.e_type != ET_DYN)) return -ENOEXEC;
	if (header.e_phentsize != sizeof *segments || !header.e_phnum || header.e_phnum > MAXIMUM_SEGMENTS || header.e_phoff > INT64_MAX / 2) return -ENOEXEC;
	ssize_t size = (ssize_t)(header.e_phnum * sizeof *segments);
	if (pread(fd, segments, (size_t)size, (off_t)header.e_phoff) != size) return -ENOEXEC;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		const Elf64_Phdr *s = &segments[i];
		if (s->p_type != PT_INTERP) continue;
		if (s->p_filesz < 2 || s->p_filesz > PATH_MAX || s->p_offset > INT64_MAX / 2) return -ENOEXEC;
		if (pread(fd, interpreter, s->p_filesz, (off_t)s->p_offset) != (ssize_t)s->p_filesz || interpreter[s->p_filesz - 1]) return -ENOEXEC;
		return 1;
	}
	return 0;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* Parts the first line of a script, as binfmt_script does: false if it names no interpreter. `argument` may be "". */
static bool read_script(char line[SCRIPT_LINE + 1], size_t length, char **interpreter, char **argument)
{
	line[length] = 0;
	char *begin = line + 2, *end = strchr(begin, '\n');
	bool cut = !end && length == SCRIPT_LINE;
	if (!end) end = begin + strlen(begin);
	while (end > begin && is_blank(end[-1])) end--;
	*end = 0;
	begin += strspn(begin, " \t");
	*interpreter = begin;
	begin += strcspn(begin, " \t");
	if (cut && !*begin) return false; /* the interpreter's name may go on */
	if (*begin) *begin++ = 0;
	*argument = begin + strspn(begin, " \t");
	return **interpreter;
}

static char *copy_of(const char *text)
{
	char *copy = strdup(text);
	if (!copy) fail("memory", NULL);
	return copy;
}

/* Puts the words of a script in front: its interpreter, the argument, and at first the script's own name. */
static int add_words(struct pending *p, const char *interpreter, const char *argument, const char *script)
{
	const char *words[3] = {interpreter, *argument ? argument : script, *argument ? script : NULL};
	unsigned count = *argument ? 3 : 2;
	/* The interpreter of an interpreter gets the latter's name instead of its first word. */
	unsigned dropped = p->word_count ? 1 : 0;
	if (p->word_count + count - dropped > LOADER_MAXIMUM_WORDS) return E2BIG;
	if (dropped) free(p->words[0]);
	memmove(p->words + count, p->words + dropped, (p->word_count - dropped) * sizeof *p->words);
	for (unsigned i = 0; i < count; i++) p->words[i] = copy_of(words[i]);
	p->word_count += count - dropped;
	return 0;
}

/* Finds the program behind a name, through scripts; 0 or an error number. `w` and `st` become the program's. */
static int find_program(const struct call *call, struct pending *p, int directory, char name[PATH_MAX], int how, struct where *w, struct stat *st)
{
	for (int depth = 0;; depth++) {
		char line[SCRIPT_LINE + 1], *interpreter, *argument;
		close_where(w);
		int failed = find_named(call, depth ? AT_FDCWD : directory, name, depth ? FOLLOW : how, w);
		if (failed || w->failed) return failed ? failed : w->failed;
		if (!*name) snprintf(name, PATH_MAX, "/dev/fd/%d", directory);
		*st = w->st;
		apply_owner(st);
		if (S_ISLNK(st->st_mode)) return ELOOP;
		if (!may_execute(credentials_of(call->thread), st)) return EACCES;
		p->program = open_program(w);
		if (p->program < 0) return errno;
		if (!depth) p->name = copy_of(name);
		ssize_t n = pread(p->program, line, SCRIPT_LINE, 0);
		if (n < 2) return ENOEXEC;
		if (line[0] != '#' || line[1] != '!') return 0;
		close(p->program);
		p->program = -1;
		if (depth == MAXIMUM_SCRIPTS) return ELOOP;
		if (!read_script(line, (size_t)n, &interpreter, &argument)) return ENOEXEC;
		if ((failed = add_words(p, interpreter, argument, name))) return failed;
		snprintf(name, PATH_MAX, "%s", interpreter);
	}
}

static int find_interpreter(const struct call *call, struct pending *p)
{
	char name[PATH_MAX], unused[PATH_MAX];
	int kind = read_program(p->program, name);
	if (kind <= 0) return -kind;
	PLACE w = {.directory = -1};
	int failed = find_named(call, AT_FDCWD, name, FOLLOW, &w);
	if (failed || w.failed) return failed ? failed : w.failed;
	if (!S_ISREG(w.st.st_mode)) return EACCES;
	p->interpreter = open_program(&w);
	if (p->interpreter < 0) return errno;
	return read_program(p->interpreter, unused) < 0 ? ELIBBAD : 0;
}

/* The user that a set-id program runs as. The no_new_privs of the environment is about real users. */
static void change_user(struct pending *p, const struct stat *st)
{
	struct credentials *who = &p->who;
	uint32_t user = who->ids[USER].effective, group = who->ids[GROUP].effective;
	if (st->st_mode & S_ISUID) who->ids[USER].effective = st->st_uid;
	if ((st->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) who->ids[GROUP].effective = st->st_gid;
	for (int i = 0; i < 2; i++) who->ids[i].saved = who->ids[i].filesystem = who->ids[i].effective;
	p->secure = who->ids[USER].effective != user || who->ids[GROUP].effective != group;
	who->keeps_capabilities = who->capable = false;
}

static pid_t process_of(const struct call *call)
{
	char text[16];
	return read_status(call->thread, "Tgid", text, sizeof text) ? (pid_t)atoi(text) : call->thread;
}

struct reply answer_program(const struct call *call, int directory, uint64_t path, uint64_t argv, uint64_t envp, int flags)
{
	char name[PATH_MAX] = "";
	struct stat st;
	if (!read_text(call, path, name, sizeof name)) return error(strnlen(name, sizeof name) == sizeof name ? ENAMETOOLONG : EFAULT);
	struct pending *p = calloc(1, sizeof *p);
	if (!p) fail("memory", NULL);
	p->program = p->interpreter = -1;
	p->who = *credentials_of(call->thread);
	const char *last = strrchr(name, '/');
	snprintf(p->command, sizeof p->command, "%.15s", last ? last + 1 : name);
	PLACE w = {.directory = -1};
	int how = (flags & AT_SYMLINK_NOFOLLOW ? 0 : FOLLOW) | (flags & AT_EMPTY_PATH ? EMPTY : 0);
	int failed = find_program(call, p, directory, name, how, &w, &st);
	if (!failed) failed = find_interpreter(call, p);
	if (!failed && w.through) name_descriptor(&w);
	if (!failed && !(p->number = new_record(w.name))) failed = EAGAIN;
	if (failed || !still_waits(call)) {
		release(p);
		return failed ? error(failed) : nothing();
	}
	change_user(p, &st);
	p->process = process_of(call);
	/* An earlier one of the same process, which failed in the kernel. */
	struct pending *earlier = take_pending(p->process);
	if (earlier) release(earlier);
	p->next = pending;
	pending = p;

	struct instead *i = prepare_instead(call);
	i->number = SYS_execve;
	i->is_exec = true;
	i->pointer = 0;
	i->length = (size_t)alias_of(loader, (char *)i->data, sizeof i->data) + 1;
	i->args[1] = argv, i->args[2] = envp, i->args[3] = i->args[4] = i->args[5] = 0;
	return (struct reply){.kind = INSTEAD};
}

/* ---- the loader's question ---- */

static bool add_text(char *answer, size_t *used, const char *text, uint32_t *offset)
{
	size_t size = strlen(text) + 1;
	if (*used + size > LOADER_ANSWER_SIZE) return false;
	memcpy(answer + *used, text, size);
	*offset = (uint32_t)*used;
	*used += size;
	return true;
}

struct reply answer_loader(const struct call *call)
{
	static union {
		struct loader_answer answer;
		char bytes[LOADER_ANSWER_SIZE];
	} a;
	struct pending *p = take_pending(call->thread);
	if (!p) return error(EINVAL);
	size_t used = sizeof a.answer;
	memset(&a.answer, 0, sizeof a.answer);
	bool fits = add_text(a.bytes, &used, p->name, &a.answer.name);
	for (unsigned i = 0; i < p->word_count; i++) fits &= add_text(a.bytes, &used, p->words[i], &a.answer.words[i]);
	a.answer.word_count = p->word_count;
	a.answer.real_uid = p->who.ids[USER].real, a.answer.effective_uid = p->who.ids[USER].effective;
	a.answer.real_gid = p->who.ids[GROUP].real, a.answer.effective_gid = p->who.ids[GROUP].effective;
	a.answer.secure = p->secure;
	memcpy(a.answer.command, p->command, sizeof p->command);
	records[p->number].scratch = call->args[3];
	struct state state = state_of(call->thread);
	state.program = p->number;
	int failed = fits ? change_credentials(call->thread, &p->who) : E2BIG;
	if (!failed) failed = change_state(call->thread, state);
	a.answer.program = failed ? -1 : hand_descriptor(call, p->program);
	a.answer.interpreter = failed || p->interpreter < 0 ? -1 : hand_descriptor(call, p->interpreter);
	if (!failed && (a.answer.program < 0 || (p->interpreter >= 0 && a.answer.interpreter < 0))) failed = EMFILE;
	release(p);
	return failed ? error(failed) : write_memory(call, call->args[0], &a, used);
}
