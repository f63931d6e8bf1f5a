// Package app wires the program, top to bottom: it opens the database and the
// keys, makes the services, gives each what it needs of its neighbours by
// small adapters, and runs the listeners until it is told to stop.
package app
