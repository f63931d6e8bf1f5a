package chassis

import (
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// notBuilt is served by a binary that was built without the pages.
const notBuilt = `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>足够</title>
<body style="font-family:sans-serif;max-width:40em;margin:4em auto;line-height:1.7">
<h1>页面尚未构建</h1><p>这个程序是用 <code>go build</code> 直接编译的,没有包含网页。接口和设备端口工作正常。</p>
<p>请在源码目录运行 <code>make build</code>,再启动 <code>bin/zugou serve</code>。</p>
<p>遇到危险请直接拨打 <a href="tel:110">110</a>、<a href="tel:120">120</a>。</p></body></html>`

// Pages serves the built web pages: files as they are; below /console, /m and
// the other pages, which route by themselves, their index.html.
func Pages(dist fs.FS) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(rw, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		body, served := find(dist, name)
		if served == "" {
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			if _, err := fs.Stat(dist, "index.html"); err != nil {
				_, _ = rw.Write([]byte(notBuilt)) // the client is gone if this fails
				return
			}
			rw.WriteHeader(http.StatusNotFound)
			_, _ = rw.Write([]byte(`<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>没有这个页面</title><body style="font-family:sans-serif;margin:4em auto;max-width:30em"><h1>没有这个页面</h1><p><a href="/">回到首页</a></p></body></html>`))
			return
		}
		kind := mime.TypeByExtension(path.Ext(served))
		if kind == "" {
			kind = "application/octet-stream"
		}
		h := rw.Header()
		h.Set("Content-Type", kind)
		if strings.Contains(served, "assets/") { // named by their content
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			h.Set("Cache-Control", "no-cache")
		}
		if zipped, err := fs.ReadFile(dist, served+".gz"); err == nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			h.Set("Vary", "Accept-Encoding")
			body = zipped
		}
		if r.Method == http.MethodGet {
			_, _ = rw.Write(body) // the client is gone if this fails
		}
	})
}

// find gives the file for a name, or the index of the page it belongs to.
func find(dist fs.FS, name string) (body []byte, served string) {
	tries := []string{name, path.Join(name, "index.html")}
	if first, _, deep := strings.Cut(name, "/"); deep && path.Ext(name) == "" {
		tries = append(tries, path.Join(first, "index.html"))
	}
	for _, try := range tries {
		if try == "" || strings.HasPrefix(path.Base(try), ".") {
			continue
		}
		if body, err := fs.ReadFile(dist, try); err == nil {
			return body, try
		}
	}
	return nil, ""
}
