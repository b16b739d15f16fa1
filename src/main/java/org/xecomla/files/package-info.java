/**
 * Files on any Hadoop file system: positioned reads, atomic writes, and the directories that stages hand to each other.
 */
package org.xecomla.files;
