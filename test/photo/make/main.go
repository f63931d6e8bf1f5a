// Command make writes synthetic photos of drawing sheets for browser tests:
//
//	make DIR CODE… : one photo a code, 1.jpg, 2.jpg …; a code that begins with
//	"fold:" has a corner folded over, "blank:" nothing drawn.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"zugou/test/photo"
)

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: make DIR CODE…")
	}
	for i, code := range os.Args[2:] {
		o := photo.Options{Seed: uint64(i) + 1, Drawing: uint64(i) + 40, W: 1200, H: 1600, Fill: .95, Turn: .04 * float64(i%3), TiltX: .08, Shade: .2, Light: 1, Noise: 3, Quality: 85}
		if rest, ok := strings.CutPrefix(code, "fold:"); ok {
			o.Fold, code = 3, rest
		}
		if rest, ok := strings.CutPrefix(code, "blank:"); ok {
			o.Blank, code = true, rest
		}
		o.Code = code
		made := photo.Make(o)
		if err := os.WriteFile(filepath.Join(os.Args[1], fmt.Sprintf("%d.jpg", i+1)), made.JPEG, 0o600); err != nil {
			log.Fatal(err)
		}
		fmt.Println(made.Marks) // where the marks are, for who mends by hand
	}
}
