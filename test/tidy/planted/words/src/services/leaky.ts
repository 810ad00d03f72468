/** Fetched from registry.example.org, see issue 12. */
export const paths = ['/tmp/socket', '/work/tree/src', '/root/.npmrc']
