// Where a person goes after signing in.

// Those who work on foot; on a wide screen they still get the console's pages.
const fieldRoles = ["grid_worker", "village_director"];

/**
 * The page to open: the one asked for if it is ours, else the phone pages for
 * field staff and narrow screens, the guardian's page for citizens, the console.
 */
export function landing(roles: string[], next: string | null, narrow: boolean): string {
  if (next && /^\/(?![/\\])[\w\-./?=&#%]*$/.test(next)) return next;
  const staff = roles.filter((r) => r !== "citizen");
  if (staff.length === 0) return roles.includes("citizen") ? "/guardian/" : "/";
  if (staff.every((r) => fieldRoles.includes(r)) || narrow) return "/m/";
  return "/console/";
}
