// Package campaign holds, by date, under which conditions children are asked
// in campaigns. It is read by internal/loop/screening/campaign.
package campaign

import "embed"

// Files is every dated set of conditions.
//
//go:embed *.json
var Files embed.FS
