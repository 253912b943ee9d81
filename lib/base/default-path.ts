/** The PATH of Linux images that set none, as in Docker and BuildKit. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
