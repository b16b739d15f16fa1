package org.xecomla.corpus.chat.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Twenty conversations of the kinds that apply_chat_template is given, as the variables of a template. */
final class Conversations {
    private static final Map<String, Object> WEATHER = object(
            "type",
            "function",
            "function",
            object(
                    "name",
                    "weather",
                    "description",
                    "What the sky does. <\"now\" & 'then'>",
                    "parameters",
                    object(
                            "type",
                            "object",
                            "properties",
                            object(
                                    "place",
                                    object("type", "string", "description", "A town, Zürich or 東京"),
                                    "days",
                                    object("type", "integer", "default", 1, "enum", List.of(1, 2, 7)),
                                    "precise",
                                    object("type", List.of("boolean", "null"), "nullable", true)),
                            "required",
                            List.of("place"))));

    private static final Map<String, Object> LIGHT = object(
            "type",
            "function",
            "function",
            object(
                    "name",
                    "light",
                    "description",
                    "Switches lamps.",
                    "parameters",
                    object(
                            "type",
                            "object",
                            "properties",
                            object(
                                    "lamps",
                                    object(
                                            "type",
                                            "array",
                                            "items",
                                            object(
                                                    "type",
                                                    "object",
                                                    "properties",
                                                    object("id", object("type", "number")))),
                                    "level",
                                    object("anyOf", List.of(object("type", "number"), object("type", "null"))))),
                    "return",
                    object("type", "string")));

    private Conversations() {}

    /** Keys and values in turn. */
    static Map<String, Object> object(Object... pairs) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            object.put((String) pairs[i], pairs[i + 1]);
        }
        return object;
    }

    static Map<String, Object> turn(String role, Object content, Object... others) {
        Map<String, Object> turn = object("role", role, "content", content);
        turn.putAll(object(others));
        return turn;
    }

    private static Map<String, Object> call(String name, Object arguments) {
        return object("id", "call00001", "type", "function", "function", object("name", name, "arguments", arguments));
    }

    private static Map<String, Object> text(String text) {
        return object("type", "text", "text", text);
    }

    static List<Map<String, Object>> all() {
        List<Map<String, Object>> all = new ArrayList<>();
        plain(all);
        thoughts(all);
        calls(all);
        parts(all);
        return all;
    }

    private static void add(List<Map<String, Object>> all, Object tools, Object... turns) {
        boolean asks = all.size() % 3 == 1;
        Map<String, Object> variables = object(
                "messages",
                Arrays.asList(turns),
                "tools",
                tools,
                "documents",
                null,
                "add_generation_prompt",
                asks,
                "eos_token",
                "</s>");
        if (all.size() % 4 != 3) {
            variables.put("bos_token", "<s>");
        }
        if (all.size() % 5 == 2) {
            variables.putAll(object("enable_thinking", false, "pad_token", "<pad>", "date_string", "1 Jan 2030"));
        }
        all.add(variables);
    }

    private static void plain(List<Map<String, Object>> all) {
        add(all, null, turn("user", "Is it warm in Bern?"));
        add(all, null, turn("user", " Hi \uD83D\uDE00\n"), turn("assistant", "Hello.\u0085 \u001F"));
        add(all, null, turn("system", "Be kind."), turn("user", "a"), turn("assistant", "b\r\nc"), turn("user", "d"));
        add(all, null, turn("system", ""), turn("user", ""), turn("assistant", ""));
        add(all, null, turn("user", "one"), turn("user", "two"), turn("assistant", "three"), turn("assistant", "four"));
        add(all, List.of(), turn("assistant", "I begin."), turn("user", "{{ x }} {% if %} {# #}"));
        add(
                all,
                null,
                turn("developer", "Rules."),
                turn("user", "<b>'\"&"),
                turn("assistant", "\u2028\u00A0end\u3000"));
    }

    private static void thoughts(List<Map<String, Object>> all) {
        add(
                all,
                null,
                turn("user", "Two ships of 3 masts?"),
                turn("assistant", "<think>\n3 + 3\n</think>\n\n6 masts."),
                turn("user", "Four?"),
                turn("assistant", "<think></think>12"));
        add(
                all,
                null,
                turn("system", "Think."),
                turn("user", "Why?"),
                turn("assistant", "Because.", "reasoning_content", "Let me see.\n"),
                turn("user", "And?"),
                turn("assistant", "So.", "reasoning_content", "Hm", "thinking", "Hm"));
        add(
                all,
                null,
                turn("user", "Q"),
                turn("assistant", "</think>A", "reasoning", "no"),
                turn("user", "/no_think Q"));
    }

    private static void calls(List<Map<String, Object>> all) {
        Map<String, Object> arguments = object("place", "Bern", "days", 2, "precise", null, "wind", 1.5, "ok", true);
        add(all, List.of(WEATHER), turn("user", "Is it warm?"), turn("assistant", "It is."));
        add(
                all,
                List.of(WEATHER, LIGHT),
                turn("system", "Use tools."),
                turn("user", "Is it warm?"),
                turn("assistant", "", "tool_calls", List.of(call("weather", arguments))),
                turn("tool", "{\"sky\": \"sunny\"}", "name", "weather", "tool_call_id", "call00001"),
                turn("assistant", "It is."));
        add(
                all,
                List.of(WEATHER),
                turn("user", "Both?"),
                turn("assistant", null, "tool_calls", List.of(call("weather", arguments), call("light", object()))),
                turn("tool", "sunny", "name", "weather", "tool_call_id", "call00001"),
                turn("tool", "on", "name", "light", "tool_call_id", "call00002"),
                turn("assistant", "Done.", "reasoning_content", "Two results."));
        add(
                all,
                null,
                turn("user", "Text?"),
                turn("assistant", "Wait.", "tool_calls", List.of(call("weather", "{\"place\": \"Bern\"}"))),
                turn("tool", object("sky", List.of("grey", "blue"), "t", 21.0)),
                turn("user", "Thanks"));
        add(
                all,
                List.of(LIGHT),
                turn("user", "Lamps?"),
                turn(
                        "assistant",
                        "",
                        "tool_calls",
                        List.of(call(
                                "light", object("lamps", List.of(object("id", 1), object("id", 2.5)), "level", 3)))),
                turn("tool", List.of(text("on"), text("off"))));
    }

    private static void parts(List<Map<String, Object>> all) {
        add(all, null, turn("user", List.of(text("Is it "), text("warm?"))), turn("assistant", List.of(text("Yes."))));
        add(
                all,
                null,
                turn("system", List.of(text("See."))),
                turn("user", List.of(object("type", "image"), text("What is it?"), object("type", "video"))),
                turn("assistant", List.of(text("A dog."))),
                turn("user", "And this?"));
        add(
                all,
                null,
                turn("user", List.of(object("type", "audio", "audio_url", "a.wav"), text("Hear."))),
                turn("assistant", "A bell."));
        add(all, null, turn("user", List.of()), turn("assistant", "Nothing."));
        add(
                all,
                List.of(WEATHER),
                turn("user", List.of(text("t"))),
                turn("assistant", List.of(text("u")), "name", "x"));
    }
}
