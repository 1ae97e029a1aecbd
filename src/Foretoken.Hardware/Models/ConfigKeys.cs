using System.Globalization;
using System.Text.Json;
using Foretoken.Quantities;

namespace Foretoken.Hardware.Models;

/// <summary>
/// Reads keys of a config, notes every key that is missing or is not what it must be, and gives a harmless value in its
/// place so that reading goes on. Keys that nobody asks for are not looked at: configs are full of them.
/// </summary>
internal sealed class ConfigKeys(JsonElement root, JsonElement text, string place, string prefix, List<Problem> problems)
{
    /// <summary>Largest count that is believed; keeps products of sizes inside 64 bits.</summary>
    private const int Most = 100_000_000;

    private readonly HashSet<string> _bad = [];

    public int Problems => problems.Count;

    /// <summary>The value under the first of these keys that is there and not null: in the text model's section, then at the top.</summary>
    public JsonElement? Find(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (text.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                return value;
            }
        }

        foreach (var name in names)
        {
            if (root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                return value;
            }
        }

        return null;
    }

    public bool Has(string name) => Find(name) is not null;

    /// <summary>A whole number of at least 1 that must be there.</summary>
    public int Need(params ReadOnlySpan<string> names) => Optional(names) is { } value ? Positive(names[0], value) : Missing(names);

    /// <summary>A whole number of at least 1, or the value that holds when it is absent.</summary>
    public int Or(int otherwise, params ReadOnlySpan<string> names) => Optional(names) is { } value ? Positive(names[0], value) : otherwise;

    /// <summary>A whole number of at least 0, or 0 when it is absent.</summary>
    public int OrZero(params ReadOnlySpan<string> names)
    {
        var value = Optional(names) ?? 0;
        if (value < 0)
        {
            Add(names[0], $"is {value.ToString(CultureInfo.InvariantCulture)}", "expected a whole number of at least 0");
            return 0;
        }

        return value;
    }

    public bool Flag(string name, bool otherwise = false)
    {
        switch (Find(name))
        {
            case null:
                return otherwise;
            case { ValueKind: JsonValueKind.True }:
                return true;
            case { ValueKind: JsonValueKind.False }:
                return false;
            case var value:
                Add(name, $"is {Shown(value.Value)}", "expected true or false");
                return otherwise;
        }
    }

    public string? Text(string name)
    {
        var value = Find(name);
        if (value is { ValueKind: not JsonValueKind.String } wrong)
        {
            Add(name, $"is {Shown(wrong)}", "expected a text");
            return null;
        }

        return value?.GetString();
    }

    /// <summary>A list with one entry per layer; null when absent or unusable. Longer lists may carry entries of MTP layers.</summary>
    public IReadOnlyList<T>? PerLayer<T>(string name, int layers, Func<JsonElement, T?> read, string expected, int extra = 0)
        where T : class
    {
        if (Find(name) is not { } list)
        {
            return null;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            Add(name, $"is {Shown(list)}", $"expected a list with one entry per layer, each {expected}");
            return null;
        }

        var count = list.GetArrayLength();
        if (count < layers || count > layers + extra)
        {
            Add(name, $"has {count} entries for {layers} layers", "one entry per layer (num_hidden_layers)");
            return null;
        }

        var read_ = new List<T>(count);
        var i = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (read(item) is { } value)
            {
                read_.Add(value);
            }
            else
            {
                Add($"{name}[{i}]", $"is {Shown(item)}", expected);
            }

            i++;
        }

        return read_.Count == count ? read_ : null;
    }

    /// <summary>The section under a key with the same reading, or null.</summary>
    public ConfigKeys? Section(string name) => Find(name) is { ValueKind: JsonValueKind.Object } section
        ? new ConfigKeys(section, section, place, prefix + name + ".", problems)
        : null;

    public void Add(string key, string message, string? fix = null) => problems.Add(new Problem($"{place}: {prefix}{key}", message, fix));

    public static int? Whole(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
        && number == Math.Floor(number) && Math.Abs(number) <= Most ? (int)number : null;

    public static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "a map",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => $"'{Shorten(value.GetString()!)}'",
        _ => Shorten(value.GetRawText()),
    };

    /// <summary>Whether none of these numbers was missing or unusable so far: what follows from 1 in their place is no problem of its own.</summary>
    public bool Held(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (_bad.Contains(name))
            {
                return false;
            }
        }

        return true;
    }

    private void Bad(string key, string message, string? fix)
    {
        _bad.Add(key);
        Add(key, message, fix);
    }

    private static string Shorten(string written) => written.Length <= 40 ? written : written[..37] + "...";

    private int? Optional(ReadOnlySpan<string> names)
    {
        if (Find(names) is not { } value)
        {
            return null;
        }

        if (Whole(value) is { } whole)
        {
            return whole;
        }

        var tooLarge = value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && Math.Abs(number) > Most;
        Bad(names[0], $"is {Shown(value)}", tooLarge ? string.Create(CultureInfo.InvariantCulture, $"expected a whole number of at most {Most:N0}") : "expected a whole number");
        return 1;
    }

    private int Positive(string name, int value)
    {
        if (value >= 1)
        {
            return value;
        }

        Bad(name, $"is {value.ToString(CultureInfo.InvariantCulture)}", "expected a whole number of at least 1");
        return 1;
    }

    private int Missing(ReadOnlySpan<string> names)
    {
        Bad(names[0], "is missing", names.Length == 1 ? null : "also read as " + string.Join(", ", names[1..].ToArray()));
        return 1;
    }
}
