// Package web holds the built pages, so that one binary serves them.
//
// dist/.keep is committed, so that `go build` works before `npm run build`;
// the server then answers with a page that says that the pages were not built.
// Paths inside are those of the addresses: dist/index.html for /, dist/help,
// dist/login, dist/console for the desktop, dist/m for the phone.
package web

import "embed"

// Dist is the folder dist with the built pages.
//
//go:embed all:dist
var Dist embed.FS
