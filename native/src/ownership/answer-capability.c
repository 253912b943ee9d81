/* setcap where the disk can't hold it: the table of owners keeps security.capability. The kernel keeps the others. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <sys/xattr.h>

#include "ownership/answers.h"
#include "ownership/credentials.h"

/* Whether the attribute that the call names is the one. */
static bool is_capability(const struct call *call, uint64_t address)
{
	static const char wanted[] = "security.capability";
	char name[sizeof wanted];
	return read_text(call, address, name, sizeof name) && !strcmp(name, wanted);
}

/* PASS: go on with `st`. If the call `changes` the file, that is the copy in the upper layer, so that the step's layer
 * has the file. */
static struct reply find_file(const struct call *call, int directory, uint64_t path, int flags, bool changes, struct stat *st)
{
	FILE_NAME name = {.opened = false};
	enum name_kind kind = find_name(call, directory, path, flags, &name);
	if (kind == GONE) return nothing();
	if (kind == UNKNOWN) return error(EPERM);
	int failed = look_at(&name, name.flags, st);
	if (!failed && changes && S_ISREG(st->st_mode)) failed = look_at_copy(&name, st);
	if (failed) return error(failed);
	return S_ISREG(st->st_mode) ? pass() : error(EPERM);
}

struct reply answer_set_capability(const struct call *call, int directory, uint64_t path, int flags)
{
	struct stat st;
	uint64_t address = call->args[2], size = call->args[3], how = call->args[4];
	if (!is_capability(call, call->args[1])) return pass();
	struct reply found = find_file(call, directory, path, flags, true, &st);
	if (found.kind != PASS) return found;
	if (!is_privileged(credentials_of(call->thread))) return error(EPERM);
	const struct owner *recorded = find_owner(st.st_dev, st.st_ino);
	struct owner owner = recorded ? *recorded : (struct owner){0};
	if (size != 20 && size != 24) return error(EINVAL);
	if (how & XATTR_CREATE && owner.capability_length) return error(EEXIST);
	if (how & XATTR_REPLACE && !owner.capability_length) return error(ENODATA);
	if (!read_memory(call, address, owner.capability, size)) return error(EFAULT);
	owner.capability_length = (uint32_t)size;
	record_owner(st.st_dev, st.st_ino, owner);
	return result(0);
}

struct reply answer_get_capability(const struct call *call, int directory, uint64_t path, int flags)
{
	struct stat st;
	if (!is_capability(call, call->args[1])) return pass();
	struct reply found = find_file(call, directory, path, flags, false, &st);
	if (found.kind != PASS) return found.kind == NOTHING ? found : pass();
	const struct owner *owner = find_owner(st.st_dev, st.st_ino);
	if (!owner || !owner->capability_length) return pass();
	if (!call->args[3]) return result(owner->capability_length);
	if (call->args[3] < owner->capability_length) return error(ERANGE);
	struct reply reply = write_memory(call, call->args[2], owner->capability, owner->capability_length);
	return reply.kind == RESULT ? result(owner->capability_length) : reply;
}

struct reply answer_remove_capability(const struct call *call, int directory, uint64_t path, int flags)
{
	struct stat st;
	if (!is_capability(call, call->args[1])) return pass();
	struct reply found = find_file(call, directory, path, flags, true, &st);
	if (found.kind != PASS) return found;
	struct owner *owner = find_owner(st.st_dev, st.st_ino);
	if (!owner || !owner->capability_length) return pass();
	owner->capability_length = 0;
	return result(0);
}
