/**
 * What the teacher said at every position, encoded record by record and kept in shards that mirror the token shards.
 */
package org.xecomla.targets;
