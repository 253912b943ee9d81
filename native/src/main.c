/* tsbuild-sandbox: what a RUN needs from Linux and Node can't give. README.md has the contract. */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/files.h"
#include "base/kernel.h"
#include "step/mounts.h"
#include "step/probe.h"
#include "step/reap.h"
#include "step/run.h"
#include "step/xattrs.h"

#define VERSION "1"

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (argc == 2 && !strcmp(what, "--version")) {
		puts("tsbuild-sandbox " VERSION " " OWN_ARCH_NAME);
		return 0;
	}
	if (argc == 2 && !strcmp(what, "run")) run();
	if (argc == 2 && !strcmp(what, "mounts")) serve_mounts();
	if (argc == 2 && !strcmp(what, "probe")) return probe();
	if (argc > 2 && !strcmp(what, "reap")) reap(argv + 2);
	if (argc == 3 && !strcmp(what, "sync")) sync_filesystem(argv[2]);
	if (argc == 3 && !strcmp(what, "lock") && !strcmp(argv[2], "wait")) lock_file(1);
	if (argc == 3 && !strcmp(what, "lock") && !strcmp(argv[2], "try")) lock_file(0);
	if (argc == 4 && !strcmp(what, "xattrs") && !strcmp(argv[2], "get")) get_capabilities(argv[3]);
	if (argc == 4 && !strcmp(what, "xattrs") && !strcmp(argv[2], "set")) set_capabilities(argv[3]);
	complain("usage", NULL,
		 "run | mounts | probe | reap PROGRAM ARG... | sync PATH | lock wait | lock try | xattrs get ROOT | xattrs set ROOT | --version");
	return EXIT_FAILED;
}
