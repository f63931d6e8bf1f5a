// Package report is what a device says, in one form for every protocol.
//
// A codec (watch, jt808, gt06) turns the bytes of one frame into Messages and
// writes the answer that the device waits for into Reply. Nothing here judges:
// time and place are as sent, a value the device did not send is nil, and the
// gateway sends Reply only after the message is stored.
//
// A Message with Err is still a message: one field could not be read, the rest
// could. An alarm with a broken position stays an alarm.
package report
