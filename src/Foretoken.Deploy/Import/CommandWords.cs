using System.Globalization;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Import;

/// <summary>The flags of a command that are taken out one by one; what is left in the end was not understood.</summary>
internal sealed class CommandWords
{
    private readonly List<Item> _items = [];
    private readonly ImportContext _context;

    /// <summary>Takes the words of a command line apart.</summary>
    /// <param name="words">The words after the program.</param>
    /// <param name="context">Files beside the artefact, and warnings.</param>
    public CommandWords(IReadOnlyList<ShellWord> words, ImportContext context)
    {
        _context = context;
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (!IsFlag(word.Text))
            {
                _items.Add(new Item("", word.Text, word.Place));
                continue;
            }

            var equals = word.Text.IndexOf('=', StringComparison.Ordinal);
            var flag = equals < 0 ? word.Text : word.Text[..equals];
            if (equals >= 0)
            {
                _items.Add(new Item(Plain(flag), word.Text[(equals + 1)..], word.Place));
            }
            else if (i + 1 < words.Count && !IsFlag(words[i + 1].Text))
            {
                _items.Add(new Item(Plain(flag), words[i + 1].Text, word.Place) { Follows = true });
                i++;
            }
            else
            {
                _items.Add(new Item(Plain(flag), null, word.Place));
            }
        }
    }

    private string Place => _items.Count > 0 ? _items[0].Place : _context.Place;

    /// <summary>The value of a flag under any of its names, the last one as with argparse; null when it is not there.</summary>
    public string? Take(params string[] names) => TakeItem(names)?.Value;

    /// <summary>Whether a switch is there; with a value of its own, what that says. Null when it is not there.</summary>
    public bool? TakeSwitch(string[] names)
    {
        if (TakeItem(names) is not { } item)
        {
            return null;
        }

        if (item.Value is null)
        {
            return true;
        }

        if (item.Value.ToLowerInvariant() is "true" or "false" or "1" or "0" or "yes" or "no")
        {
            return item.Value.ToLowerInvariant() is "true" or "1" or "yes";
        }

        if (item.Follows)
        {
            // The word behind a switch is no value of it.
            _items.Add(new Item("", item.Value, item.Place));
            return true;
        }

        Warn($"{names[0]}={item.Value} is neither true nor false: taken as true");
        return true;
    }

    /// <summary>A whole number; null when it is not there, or is no number, which is warned of.</summary>
    public int? TakeNumber(params string[] names)
    {
        if (Take(names) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
        {
            return number;
        }

        Warn($"{names[0]} {text} is no whole number: left out");
        return null;
    }

    /// <summary>A value in JSON or YAML; null when it is not there, or cannot be read, which is warned of.</summary>
    public ConfigNode? TakeYaml(string[] names) => TakeItem(names) is { Value: { } text } item ? _context.Parse(text, $"{item.Place} {names[0]}") : null;

    /// <summary>A file that stands beside the artefact; null when there is none.</summary>
    public ConfigNode? File(string path) => _context.File(path);

    /// <summary>The first bare word (a model), taken out.</summary>
    public string? TakeBare()
    {
        var index = _items.FindIndex(i => i.Flag.Length == 0);
        if (index < 0)
        {
            return null;
        }

        var value = _items[index].Value;
        _items.RemoveAt(index);
        return value;
    }

    /// <summary>Says that something is not understood.</summary>
    public void Warn(string message) => _context.Warn(Place, message);

    /// <summary>Warns of everything that is left.</summary>
    public void WarnOfTheRest()
    {
        foreach (var item in _items)
        {
            _context.Warn(item.Place, item.Flag.Length == 0 ? $"'{item.Value}' is not understood" : $"{item.Flag}{(item.Value is null ? "" : " " + item.Value)} is not understood");
        }
    }

    // A negative number is a value.
    private static bool IsFlag(string text) => text.Length > 1 && text[0] == '-' && !char.IsAsciiDigit(text[1]) && text[1] != '.';

    private static string Plain(string flag) => flag.Replace('_', '-');

    private Item? TakeItem(string[] names)
    {
        var plain = names.Select(Plain).ToList();
        var found = _items.FindLast(i => plain.Contains(i.Flag));
        _items.RemoveAll(i => plain.Contains(i.Flag));
        return found;
    }

    private sealed record Item(string Flag, string? Value, string Place)
    {
        public bool Follows { get; init; }
    }
}
