/** Dense DeepSeek V3, which stock servers load. */
package org.xecomla.formats.deepseek;
