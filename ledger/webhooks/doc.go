// Package webhooks sends the messages of the feed to addresses that are registered, in the form of Standard Webhooks 1.0.0
// (standardwebhooks.com): a CloudEvent in structured mode, signed, with an id that stays the same however often it is sent.
//
// Each webhook has a cursor, the position in the feed up to which every chosen message has been taken, given up, or put on the
// shelf to be sent again. The shelf is durable; what happens between two writes to it may happen again after a crash: a message
// is sent at least once, under the same id. What is about one reference is sent in the order of the feed, one after the other.
//
// The feed is the queue: a receiver that is down for a week has lost nothing, and nothing is copied for it but what it has
// refused already.
package webhooks
