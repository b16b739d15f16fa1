/**
 * Model checkpoints in the forms that others write and read: one folder a format, each with a reader, a writer and its
 * names of weights. {@link org.xecomla.formats.ModelDirectory} opens all of them.
 */
package org.xecomla.formats;
