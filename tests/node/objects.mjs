// Objects through the AWS SDK for JavaScript v3: its checksums, streamed bodies, multipart uploads; what CDK asks first.
//
//   node objects.mjs KILN_URL BUCKET       prints "ok" at its end; exits 1 with what went wrong
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  CopyObjectCommand, DeleteObjectsCommand, GetBucketEncryptionCommand, GetBucketLocationCommand, GetObjectCommand, HeadObjectCommand,
  ListObjectsV2Command, PutObjectCommand, S3Client, paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Upload } from "@aws-sdk/lib-storage";

const [, , endpoint, Bucket] = process.argv;
const settings = { endpoint, region: "us-east-1", maxAttempts: 1, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
const s3 = new S3Client(settings);
const sha = (data) => createHash("sha256").update(data).digest("hex");
const bytesOf = async (Key) => Buffer.from(await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body.transformToByteArray());

// A body in memory, with each checksum that the SDK knows.
for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
  const Body = Buffer.from(`with ${ChecksumAlgorithm}`);
  const put = await s3.send(new PutObjectCommand({ Bucket, Key: ChecksumAlgorithm, Body, ChecksumAlgorithm }));
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: ChecksumAlgorithm, ChecksumMode: "ENABLED" }));
  assert.ok(put[`Checksum${ChecksumAlgorithm}`]);
  assert.equal(head[`Checksum${ChecksumAlgorithm}`], put[`Checksum${ChecksumAlgorithm}`]);
  assert.deepEqual(await bytesOf(ChecksumAlgorithm), Body);
}

// A stream comes as aws-chunked with its checksum behind it.
const chunks = Array.from({ length: 40 }, (_, i) => Buffer.alloc(70_000, i));
await s3.send(new PutObjectCommand({ Bucket, Key: "stream", Body: Readable.from(chunks), ContentLength: 40 * 70_000 }));
assert.equal(sha(await bytesOf("stream")), sha(Buffer.concat(chunks)));

// Parts, a composite checksum, and what comes back.
for (const ChecksumAlgorithm of [undefined, "CRC32", "SHA256"]) {
  const data = Buffer.alloc(12 * 1024 * 1024, String(ChecksumAlgorithm));
  const upload = new Upload({ client: s3, partSize: 5 * 1024 * 1024, params: { Bucket, Key: "parts", Body: Readable.from([data]), ContentType: "text/x", ChecksumAlgorithm } });
  const done = await upload.done();
  assert.match(done.ETag, /^"[0-9a-f]{32}-3"$/);
  assert.equal(sha(await bytesOf("parts")), sha(data));
}
await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/parts` }));
assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: "copy" }))).ContentType, "text/x");

const names = [];
for await (const page of paginateListObjectsV2({ client: s3, pageSize: 3 }, { Bucket })) names.push(...page.Contents.map((o) => o.Key));
assert.equal(names.length, 8);
await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: "nope" })), { name: "NoSuchKey" });
await assert.rejects(s3.send(new PutObjectCommand({ Bucket, Key: "CRC32", Body: "x", IfNoneMatch: "*" })), { name: "PreconditionFailed" });
await assert.rejects(s3.send(new GetObjectCommand({ Bucket: "no-such-bucket", Key: "k" })), { name: "NoSuchBucket" });
const deleted = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: names.map((Key) => ({ Key })) } }));
assert.equal(deleted.Deleted.length, 8);

// As CDK begins: who am I, the roles, the bootstrap's version, the bucket of assets.
const sts = new STSClient(settings);
const { Account } = await sts.send(new GetCallerIdentityCommand({}));
const RoleArn = `arn:aws:iam::${Account}:role/cdk-hnb659fds-deploy-role-${Account}-us-east-1`;
const role = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "aws-cdk-me" }));
const as = { accessKeyId: role.Credentials.AccessKeyId, secretAccessKey: role.Credentials.SecretAccessKey, sessionToken: role.Credentials.SessionToken };
const me = await new STSClient({ ...settings, credentials: as }).send(new GetCallerIdentityCommand({}));
assert.equal(me.Arn, role.AssumedRoleUser.Arn);
assert.ok(role.Credentials.Expiration > new Date());
const ssm = new SSMClient({ ...settings, credentials: as });
const version = await ssm.send(new GetParameterCommand({ Name: "/cdk-bootstrap/hnb659fds/version" }));
assert.ok(Number(version.Parameter.Value) >= 30);
await ssm.send(new PutParameterCommand({ Name: `/node/${Bucket}`, Value: "v", Type: "String" }));
await assert.rejects(ssm.send(new PutParameterCommand({ Name: `/node/${Bucket}`, Value: "v", Type: "String" })), { name: "ParameterAlreadyExists" });
const assets = { Bucket: `cdk-hnb659fds-assets-${Account}-us-east-1` };
await s3.send(new GetBucketLocationCommand(assets));
await s3.send(new GetBucketEncryptionCommand(assets));
assert.equal((await s3.send(new ListObjectsV2Command({ ...assets, Prefix: "x", MaxKeys: 1 }))).KeyCount, 0);
console.log("ok");
