/** Runs a teacher over token sequences and keeps what it says as targets. */
package org.xecomla.teacher;
