using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Import;
using Foretoken.Quantities;

namespace Foretoken.Deploy.Flags;

/// <summary>The flags of an engine that are one key each.</summary>
internal sealed class FlagTable(string engine, IReadOnlyList<EngineFlag> flags)
{
    /// <summary>Every flag.</summary>
    public IReadOnlyList<EngineFlag> Flags => flags;

    /// <summary>The flag of a key, or null.</summary>
    public EngineFlag? Find(string key) => flags.FirstOrDefault(f => f.Key == key);

    /// <summary>The settings of a pool as flags that its release has; what it has no flag for goes into the notes.</summary>
    public IEnumerable<(EngineFlag Flag, string Value)> Known(DeployedPool pool, List<string> notes)
    {
        foreach (var setting in pool.Settings)
        {
            var flag = Find(setting.Key);
            if (flag is not null && flag.IsIn(pool.Version))
            {
                yield return (flag, setting.Value);
            }
            else if (setting.Written && setting.Value != flag?.Before)
            {
                notes.Add(flag is null
                    ? $"{setting.Key}: {setting.Value} has no flag in {engine}"
                    : $"{setting.Key}: {setting.Value} is left out: {flag.Flag} is known since {engine} {flag.Since}, and this is {pool.Version}");
            }
        }
    }

    /// <summary>The same as arguments.</summary>
    public IEnumerable<Argument> Arguments(DeployedPool pool, List<string> notes)
    {
        foreach (var (flag, value) in Known(pool, notes))
        {
            switch (flag.Form)
            {
                case FlagForm.Value:
                    yield return new Argument(flag.Flag, flag.Theirs(value));
                    break;
                case FlagForm.OnOff:
                    yield return new Argument(value == "true" ? flag.Flag : "--no-" + flag.Flag[2..]);
                    break;
                default:
                    if (value == "true")
                    {
                        yield return new Argument(flag.Flag);
                    }

                    break;
            }
        }
    }

    /// <summary>Takes the flags out of a command line.</summary>
    public void Read(CommandWords words, ReadPool pool)
    {
        foreach (var flag in flags)
        {
            string[] names = [flag.Flag, .. flag.Aliases];
            if (flag.Form == FlagForm.Value)
            {
                if (words.Take(names) is { } value)
                {
                    pool.Settings[flag.Key] = flag.Ours(value);
                }

                continue;
            }

            if (words.TakeSwitch(names) is { } on)
            {
                pool.Settings[flag.Key] = on ? "true" : "false";
            }

            if (flag.Form == FlagForm.OnOff && words.TakeSwitch([.. names.Select(n => "--no-" + n.TrimStart('-'))]) is { } off)
            {
                pool.Settings[flag.Key] = off ? "false" : "true";
            }
        }
    }

    /// <summary>A problem of a layout that a release cannot be told.</summary>
    public Problem TooOld(DeployedPool pool, string flag, string since) =>
        new($"pool {pool.Name}", $"needs {flag}, which {engine} has since {since}; this is {pool.Version}", $"engine.version: {since} or newer, or another layout");
}
