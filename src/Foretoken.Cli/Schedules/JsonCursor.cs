using System.Text.Json;
using Foretoken.Quantities;

namespace Foretoken.Cli.Schedules;

/// <summary>
/// A value in a JSON document together with its place, so that every complaint names file and field. Wrong or missing values
/// end the reading with an <see cref="InputException"/>.
/// </summary>
internal readonly struct JsonCursor(string file, string path, JsonElement element)
{
    /// <summary>File and path, as errors show them.</summary>
    public string Place => path.Length == 0 ? file : $"{file}: {path}";

    /// <summary>A member that must be there.</summary>
    public JsonCursor this[string name] => Find(name) ?? throw new InputException(Place, $"the field '{name}' is missing");

    /// <summary>A member, or null when it is absent.</summary>
    public JsonCursor? Find(string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("an object");
        }

        return element.TryGetProperty(name, out var member) ? new JsonCursor(file, path.Length == 0 ? name : $"{path}.{name}", member) : null;
    }

    /// <summary>Whether it is <c>null</c>.</summary>
    public bool IsNull => element.ValueKind == JsonValueKind.Null;

    /// <summary>Members of an object.</summary>
    public IEnumerable<(string Name, JsonCursor Value)> Members()
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("an object");
        }

        foreach (var member in element.EnumerateObject())
        {
            yield return (member.Name, new JsonCursor(file, $"{path}.{member.Name}", member.Value));
        }
    }

    /// <summary>Every element of an array, read by <paramref name="read"/>.</summary>
    public T[] Items<T>(Func<JsonCursor, T> read)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            throw Wrong("an array");
        }

        var items = new T[element.GetArrayLength()];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = read(At(i));
        }

        return items;
    }

    /// <summary>The two elements of a pair.</summary>
    public (JsonCursor First, JsonCursor Second) Pair()
    {
        if (element.ValueKind != JsonValueKind.Array || element.GetArrayLength() != 2)
        {
            throw Wrong("an array of two elements");
        }

        return (At(0), At(1));
    }

    /// <summary>The three elements of a triple.</summary>
    public (JsonCursor First, JsonCursor Second, JsonCursor Third) Triple()
    {
        if (element.ValueKind != JsonValueKind.Array || element.GetArrayLength() != 3)
        {
            throw Wrong("an array of three elements");
        }

        return (At(0), At(1), At(2));
    }

    /// <summary>A whole number within bounds.</summary>
    public int Int(int min = int.MinValue, int max = int.MaxValue)
    {
        if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out var value))
        {
            throw Wrong("a whole number");
        }

        if (value < min || value > max)
        {
            throw new InputException(Place, max == int.MaxValue ? $"is {value}, must be at least {min}" : $"is {value}, must be from {min} to {max}");
        }

        return value;
    }

    /// <summary>A finite number of at least <paramref name="min"/>.</summary>
    public double Double(double min = double.MinValue)
    {
        if (element.ValueKind != JsonValueKind.Number || !element.TryGetDouble(out var value) || !double.IsFinite(value) || value < min)
        {
            throw Wrong(min == double.MinValue ? "a number" : FormattableString.Invariant($"a number of at least {min}"));
        }

        return value;
    }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool Bool() => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false"),
    };

    /// <summary>A string.</summary>
    public string String() => element.ValueKind == JsonValueKind.String ? element.GetString()! : throw Wrong("a string");

    /// <summary>The complaint that something else should stand here.</summary>
    public InputException Wrong(string expected)
    {
        var text = element.GetRawText();
        return new InputException(Place, $"is {(text.Length > 40 ? text[..40] + "..." : text)}, must be {expected}");
    }

    private JsonCursor At(int index) => new(file, $"{path}[{index}]", element[index]);
}
