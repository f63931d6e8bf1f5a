package duty

// PutForTest stores an entry without the rules of the service.
var PutForTest = insertEntry
