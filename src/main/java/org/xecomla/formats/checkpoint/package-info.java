/**
 * What all formats of checkpoints share: the safetensors files of a directory and their index, JSON whose errors name
 * file and key, the keys that every family has, the row order of rotated dimensions, the writer.
 */
package org.xecomla.formats.checkpoint;
