using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Foretoken.Tuning.Store;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Foretoken.Tests.Tuning.Store;

public sealed class RunStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static StudyHeader Header => StoreChild.Header;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_FinishedStudy_GivesEveryBitBack()
    {
        using var store = RunStore.Open(_folder.Path);
        using (var lease = store.Begin(Header))
        {
            Assert.Equal("chat-16xh100-1", lease.Id);
            for (var i = 0; i < 50; i++)
            {
                lease.Add(StoreChild.Make(i));
            }

            lease.Note("candidate 3: 4.2 $");
            lease.Finish("{\"name\": \"\u00e4\"}", 12.5);
        }

        var study = store.Read("chat-16xh100-1");
        Assert.Equal((Header.Name, Header.StudyHash, Header.Text, Header.Seed, Header.Version), (study.Header.Name, study.Header.StudyHash, study.Header.Text, study.Header.Seed, study.Header.Version));
        Assert.Equal(Header.Measures, study.Header.Measures);
        Assert.Equal("{\"name\": \"\u00e4\"}", study.ResultJson);
        Assert.Equal((StudyState.Finished, 50, 12.5, "candidate 3: 4.2 $"), (study.Info.State, study.Info.Evaluations, study.Info.WallSeconds, study.Info.Best));
        AssertAll(study.Evaluations, 50);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.lock"));
    }

    [Fact]
    public void Begin_SameNameTwice_CountsOn()
    {
        using var store = RunStore.Open(_folder.Path);
        string[] names = ["Chat 16xH100", "chat-16xh100", "\u00fc", "../../etc", "chat 16xH100"];
        Assert.Equal(["chat-16xh100-1", "chat-16xh100-2", "study-1", "etc-1", "chat-16xh100-3"], names.Select(name =>
        {
            using var lease = store.Begin(Header with { Name = name });
            return lease.Id;
        }));
        Assert.All(store.List(), s => Assert.Equal((StudyState.Interrupted, 0, ""), (s.State, s.Evaluations, s.Best)));
    }

    [Fact]
    public void Add_ManyThreads_KeepsAllOnce()
    {
        using var store = RunStore.Open(_folder.Path);
        using (var lease = store.Begin(Header))
        {
            // Every evaluation comes twice: a run in flight may be started again by somebody else.
            Parallel.For(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => lease.Add(StoreChild.Make(i / 2)));
            Assert.Equal(2000, lease.Count);
        }

        AssertAll(store.Read("chat-16xh100-1").Evaluations, 2000);
    }

    [Fact]
    public void Add_SameRunWithAnotherOutcome_IsABug()
    {
        using var store = RunStore.Open(_folder.Path);
        using var lease = store.Begin(Header);
        lease.Add(StoreChild.Make(1));
        Assert.Throws<InvariantException>(() => lease.Add(StoreChild.Make(1) with { Fingerprint = 1 }));
    }

    [Fact]
    public void Resume_WithoutId_TakesTheNewestUnfinishedLikeIt()
    {
        using var store = RunStore.Open(_folder.Path);
        for (var i = 0; i < 3; i++)
        {
            using var lease = store.Begin(i == 2 ? Header with { StudyHash = "other" } : Header);
            lease.Add(StoreChild.Make(i));
        }

        using var resumed = store.Resume(null, Header);
        Assert.Equal("chat-16xh100-2", resumed.Id);
        Assert.False(resumed.TryGet(StoreChild.Make(0).Key, out _));
        Assert.True(resumed.TryGet(StoreChild.Make(1).Key, out var found));
        Assert.Equal(StoreChild.Make(1).Values, found.Values);
        resumed.Finish("{}", 1);
        using var older = store.Resume(null, Header);
        Assert.Equal("chat-16xh100-1", older.Id);
    }

    [Fact]
    public void Resume_OtherStudy_SaysInWhatTheyDiffer()
    {
        using var store = RunStore.Open(_folder.Path);
        store.Begin(Header).Dispose();
        var other = Header with { StudyHash = "hash-2", Text = "name: Chat 16xH100\nseed: 2\n", Seed = 2 };
        const string difference = "seed 1 there, 2 here; line 2 'seed: 1' there, 'seed: 2' here; hash hash-1 there, hash-2 here";
        Assert.Equal($"chat-16xh100-1: is another study: {difference} (give it what it was begun with, or begin a new study without --resume)", Problem(() => store.Resume("chat-16xh100-1", other)));
        Assert.Equal($"{_folder.PathOf("runs.db")}: has no unfinished study like this one; chat-16xh100-1 is unfinished, but another study: {difference} (begin it without --resume)", Problem(() => store.Resume(null, other)));
        Assert.Contains("the same text and seed, but other traffic", Problem(() => store.Resume("chat-16xh100-1", Header with { StudyHash = "hash-2" })), StringComparison.Ordinal);
    }

    [Fact]
    public void Resume_FinishedOrUnknown_SaysWhatThereIs()
    {
        using var store = RunStore.Open(_folder.Path);
        using (var lease = store.Begin(Header))
        {
            lease.Finish("{}", 1);
        }

        Assert.Contains("was finished at 20", Problem(() => store.Resume("chat-16xh100-1", Header)), StringComparison.Ordinal);
        Assert.Contains("chat-16xh100-1 is the same study and finished", Problem(() => store.Resume(null, Header)), StringComparison.Ordinal);
        Assert.EndsWith("has no study 'chat-16xh100-11' (did you mean chat-16xh100-1?)", Problem(() => store.Resume("chat-16xh100-11", Header)), StringComparison.Ordinal);
        Assert.Single(store.List());
    }

    [Fact]
    public void Resume_StudyThatIsWorkedOn_NamesTheProcess()
    {
        using var store = RunStore.Open(_folder.Path);
        using var lease = store.Begin(Header);
        lease.Add(StoreChild.Make(1));
        using var second = RunStore.Open(_folder.Path);
        Assert.Equal(
            $"chat-16xh100-1: process {Environment.ProcessId} on {Environment.MachineName} is working on it (wait for it or end it; nothing was changed)",
            Problem(() => second.Resume(null, Header)));
        var info = Assert.Single(second.List());
        Assert.Equal((StudyState.Running, 1, $"process {Environment.ProcessId} on {Environment.MachineName}"), (info.State, info.Evaluations, info.Owner));
        lease.Add(StoreChild.Make(2));
        using var other = second.Begin(Header with { Name = "other" });
        other.Add(StoreChild.Make(1));
        Assert.Equal(1, other.Count);
    }

    [Fact]
    public async Task Resume_AfterKill_HasAllThatWasSafe()
    {
        using var child = StoreChild.Start("write", _folder.Path);
        var safe = new List<int>();
        while (safe.Count < 500)
        {
            safe.Add(int.Parse((await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!, System.Globalization.CultureInfo.InvariantCulture));
        }

        using var store = RunStore.Open(_folder.Path);
        Assert.Contains($"process {child.Id} on", Problem(() => store.Resume(null, Header)), StringComparison.Ordinal);
        child.Kill();
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        var rest = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        // The last line may have been cut in the middle.
        var lines = rest[..(rest.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        safe.AddRange(lines.Select(l => int.Parse(l, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(StudyState.Interrupted, Assert.Single(store.List()).State);
        using var resumed = store.Resume(null, Header);
        Assert.All(safe, i =>
        {
            Assert.True(resumed.TryGet(StoreChild.Make(i).Key, out var found));
            AssertSame(StoreChild.Make(i), found);
        });
        resumed.Add(StoreChild.Make(1_000_000));
    }

    [Fact]
    public async Task Add_FullDisk_SaysSoAndLosesNothing()
    {
        // A small disk of its own needs a mount, and that a name space where one may mount.
        const string mounted = "mount -t tmpfs -o size=2m none \"$1\" && shift && exec \"$@\"";
        Assert.SkipUnless(File.Exists("/usr/bin/unshare"), "this machine has no unshare");
        using var child = StoreChild.Start("fill", _folder.Path, "/usr/bin/unshare", "-rm", "/bin/sh", "-c", mounted, "sh", _folder.Path);
        var output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(error.Contains("unshare:", StringComparison.Ordinal) || error.Contains("mount:", StringComparison.Ordinal), "this machine allows no mounts");
        Assert.Equal("", error);
        Assert.Equal($"{_folder.PathOf("runs.db")}: the disk is full; what was stored before is safe (make room, then go on with --resume)\nmany stored, all there, 1 more\n", output);
    }

    [Fact]
    public void Add_NoMorePages_SaysSoAndLosesNothing()
    {
        var stored = 0;
        using (var store = RunStore.Open(_folder.Path, TimeProvider.System, pagesMax: 30))
        using (var lease = store.Begin(Header))
        {
            var told = Problem(() =>
            {
                for (; ; stored++)
                {
                    lease.Add(StoreChild.Make(stored));
                }
            });
            Assert.Contains("the disk is full", told, StringComparison.Ordinal);
            Assert.False(lease.TryGet(StoreChild.Make(stored).Key, out _));
            Assert.Contains("the disk is full", Problem(() => lease.Finish(new string('x', 10) + string.Join(' ', Enumerable.Range(0, 100_000)), 1)), StringComparison.Ordinal);
        }

        Assert.InRange(stored, 50, 5000);
        using var again = RunStore.Open(_folder.Path);
        AssertAll(again.Read("chat-16xh100-1").Evaluations, stored);
        using var resumed = again.Resume(null, Header);
        resumed.Add(StoreChild.Make(stored));
    }

    [Fact]
    public void Open_FolderThatCannotBeWritten_SaysSo()
    {
        Assert.SkipUnless(Directory.Exists("/sys/kernel"), "this machine has no /sys, where nobody may make a file");
        Assert.Equal("/sys/kernel/runs.db: cannot be opened for writing (choose a folder that you may write to with --store)", Problem(() => RunStore.Open("/sys/kernel")));
        Assert.StartsWith("/sys/kernel/runs: cannot be used: ", Problem(() => RunStore.Open("/sys/kernel/runs")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_ReadOnlyDisk_CanBeReadAndNotWritten()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/unshare"), "this machine has no unshare");
        using (var store = RunStore.Open(_folder.Path))
        using (var lease = store.Begin(Header))
        {
            lease.Add(StoreChild.Make(1));
        }

        const string mounted = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && shift && exec \"$@\"";
        using var child = StoreChild.Start("open", _folder.Path, "/usr/bin/unshare", "-rm", "/bin/sh", "-c", mounted, "sh", _folder.Path);
        var output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(error.Contains("unshare:", StringComparison.Ordinal) || error.Contains("mount:", StringComparison.Ordinal), "this machine allows no mounts");
        Assert.Equal("", error);
        Assert.Equal($"{_folder.PathOf("runs.db")}: cannot be opened for writing (choose a folder that you may write to with --store)\nread 1\n", output);
    }

    [Fact]
    public void Open_NoDatabase_LeavesItAlone()
    {
        var path = _folder.PathOf("runs.db");
        var text = string.Concat(Enumerable.Repeat("my notes, not a database\n", 100));
        File.WriteAllText(path, text);
        Assert.Equal($"{path}: is not a run store: no SQLite database (move it away, or choose another folder with --store)", Problem(() => RunStore.Open(_folder.Path)));
        Assert.Equal(text, File.ReadAllText(path));
        Assert.Equal(["runs.db"], Directory.EnumerateFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Open_DatabaseOfAnotherProgram_LeavesItAlone()
    {
        Execute("CREATE TABLE theirs (x)");
        var before = File.ReadAllBytes(_folder.PathOf("runs.db"));
        Assert.Contains("is a database of another program", Problem(() => RunStore.Open(_folder.Path)), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_folder.PathOf("runs.db")));
    }

    [Theory]
    [InlineData(3, "was written by a newer Foretoken (version 3 of the store; this program knows 2)")]
    [InlineData(1, "was written by an older Foretoken (version 1 of the store; this program knows 2)")]
    public void Open_StoreOfAnotherVersion_LeavesItAlone(int version, string told)
    {
        RunStore.Open(_folder.Path).Dispose();
        Execute($"PRAGMA user_version={version}");
        var before = File.ReadAllBytes(_folder.PathOf("runs.db"));
        Assert.Contains(told, Problem(() => RunStore.Open(_folder.Path)), StringComparison.Ordinal);
        Assert.Contains(told, Problem(() => RunStore.OpenForReading(_folder.Path)), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_folder.PathOf("runs.db")));
    }

    [Fact]
    public void Resume_DamagedPages_SaysSo()
    {
        using (var store = RunStore.Open(_folder.Path))
        using (var lease = store.Begin(Header))
        {
            for (var i = 0; i < 500; i++)
            {
                lease.Add(StoreChild.Make(i));
            }
        }

        var path = _folder.PathOf("runs.db");
        var bytes = File.ReadAllBytes(path);
        // Not the first page, which says what the file is.
        for (var page = 4; page < bytes.Length / 4096; page += 3)
        {
            bytes.AsSpan(page * 4096, 600).Fill(0xFF);
        }

        File.WriteAllBytes(path, bytes);
        using var damaged = RunStore.Open(_folder.Path);
        Assert.StartsWith(path + ": is damaged: ", Problem(() => damaged.Resume(null, Header)), StringComparison.Ordinal);
        Assert.StartsWith(path + ": is damaged: ", Problem(() => damaged.Begin(Header)), StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(path));
    }

    [Fact]
    public void Resume_ChangedNumber_SaysWhichEvaluation()
    {
        using (var store = RunStore.Open(_folder.Path))
        using (var lease = store.Begin(Header))
        {
            lease.Add(StoreChild.Make(7));
        }

        Execute("UPDATE evaluations SET \"values\" = zeroblob(16)");
        using var damaged = RunStore.Open(_folder.Path);
        Assert.Contains("is damaged: the evaluation of candidate candidate-7 (slice 1, replication 2) is not what was written", Problem(() => damaged.Resume(null, Header)), StringComparison.Ordinal);
    }

    [Fact]
    public void OpenForReading_NoStore_MakesNone()
    {
        Assert.Contains("there is no run store here", Problem(() => RunStore.OpenForReading(_folder.Path)), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    private static string Problem(Action work) => Assert.Single(Assert.Throws<InputException>(work).Problems).ToString();

    private static void AssertAll(IReadOnlyList<Evaluation> evaluations, int count)
    {
        Assert.Equal(count, evaluations.Count);
        var byKey = evaluations.ToDictionary(e => e.Key);
        for (var i = 0; i < count; i++)
        {
            AssertSame(StoreChild.Make(i), byKey[StoreChild.Make(i).Key]);
        }
    }

    private static void AssertSame(Evaluation expected, Evaluation actual)
    {
        Assert.Equal(expected.Values.Select(BitConverter.DoubleToInt64Bits), actual.Values.Select(BitConverter.DoubleToInt64Bits));
        Assert.Equal((expected.Key, expected.Fingerprint, expected.SimulatedSeconds, expected.GpuHours), (actual.Key, actual.Fingerprint, actual.SimulatedSeconds, actual.GpuHours));
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_folder.PathOf("runs.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
