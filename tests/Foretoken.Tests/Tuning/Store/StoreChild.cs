using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Foretoken.Quantities;
using Foretoken.Tuning.Store;

namespace Foretoken.Tests.Tuning.Store;

/// <summary>
/// Another process that works on a store: this test program started again, told by an environment variable what to do
/// instead of testing. So a store can be left by a killed process, or fill a disk of its own.
/// </summary>
internal static class StoreChild
{
    private const string Variable = "FORETOKEN_TEST_STORE_CHILD";

    public static readonly StudyHeader Header = new("Chat 16xH100", "hash-1", "name: Chat 16xH100\nseed: 1\n", 1, "0.1.0", ["p95 time_to_first_token", "cost"]);

    /// <summary>The evaluation of a number: what was stored can be told from it again.</summary>
    public static Evaluation Make(int number) => new(
        new EvaluationKey("candidate-" + number.ToString(CultureInfo.InvariantCulture), number % 3, number % 5),
        [number / 7.0, number % 4 == 0 ? double.NaN : -number],
        unchecked((ulong)number * 0x9E3779B97F4A7C15),
        number + 0.5,
        number % 6 == 0 ? double.NaN : number / 3600.0);

    /// <summary>Starts the child; <paramref name="prefix"/> is a program that starts it in turn.</summary>
    public static Process Start(string mode, string folder, params string[] prefix)
    {
        string[] line = [.. prefix, Environment.ProcessPath!];
        var start = new ProcessStartInfo(line[0]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in line.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment[Variable] = mode + " " + folder;
        return Process.Start(start)!;
    }

#pragma warning disable CA2255 // A program, not a library: nobody else's start is slowed.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void RunWhenAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } asked)
        {
            return;
        }

        var parts = asked.Split(' ', 2);
        switch (parts[0])
        {
            case "write":
                WriteForEver(parts[1]);
                break;
            case "fill":
                Fill(parts[1]);
                break;
            case "open":
                Open(parts[1]);
                break;
        }

        Environment.Exit(0);
    }

    /// <summary>Stores without end and says what is safe. One thread: others would wait for the module's initialiser, which this is.</summary>
    private static void WriteForEver(string folder)
    {
        using var store = RunStore.Open(folder);
        using var lease = store.Begin(Header);
        for (var i = 0; ; i++)
        {
            lease.Add(Make(i));
            Console.WriteLine(i);
        }
    }

    /// <summary>On a disk of 2 MB: stores until it is full, makes room, and looks whether all is there and can go on.</summary>
    private static void Fill(string folder)
    {
        var ballast = Path.Combine(folder, "ballast");
        File.WriteAllBytes(ballast, new byte[300_000]);
        var stored = 0;
        using (var store = RunStore.Open(folder))
        using (var lease = store.Begin(Header))
        {
            try
            {
                while (true)
                {
                    lease.Add(Make(stored));
                    stored++;
                }
            }
            catch (InputException e)
            {
                Console.WriteLine(e.Message);
            }
        }

        File.Delete(ballast);
        using var again = RunStore.Open(folder);
        using var resumed = again.Resume(null, Header);
        var whole = Enumerable.Range(0, stored).All(i => resumed.TryGet(Make(i).Key, out var found) && found.Fingerprint == Make(i).Fingerprint);
        resumed.Add(Make(stored));
        Console.WriteLine($"{(stored > 100 ? "many" : "few")} stored, {(whole ? "all" : "not all")} there, {resumed.Count - stored} more");
    }

    /// <summary>Opens for writing, which may fail, and for reading.</summary>
    private static void Open(string folder)
    {
        try
        {
            RunStore.Open(folder).Resume(null, Header);
            Console.WriteLine("opened");
        }
        catch (InputException e)
        {
            Console.WriteLine(e.Message);
        }

        using var store = RunStore.OpenForReading(folder);
        Console.WriteLine($"read {store.Read(store.List()[0].Id).Evaluations.Count}");
    }
}
