/** What a run will take, counted before it starts: tokens, operations, memory, bytes. */
package org.xecomla.estimate;
